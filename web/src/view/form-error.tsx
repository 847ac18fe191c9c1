// A form's error message, announced when it appears.
import type { JSX } from "preact";

/** Nothing while `words` is empty. */
export function FormError({ words }: { readonly words: string | undefined }): JSX.Element | null {
	if (words === undefined || words === "") return null;
	return (
		<p class="form-error" role="alert">
			{words}
		</p>
	);
}
