// What went wrong with what was asked for here, read out when it comes.
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
