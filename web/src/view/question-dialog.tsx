// The confirmation before something is lost for good. Esc, a click outside and the first button cancel.
import type { JSX } from "preact";
import type { Question } from "../state/layout.ts";
import { useApp } from "./context.ts";
import { DialogFrame } from "./dialog.tsx";

export function QuestionDialog({ question }: { readonly question: Question }): JSX.Element {
	const { layout } = useApp();
	const close = (): void => {
		layout.question.value = undefined;
	};
	return (
		<DialogFrame title={question.title} onClose={close}>
			<ul class="lost">
				{question.lost.map((sentence) => (
					<li key={sentence}>{sentence}</li>
				))}
			</ul>
			<div class="answers">
				<button type="button" onClick={close}>
					Stay
				</button>
				<button
					type="button"
					class="danger"
					onClick={() => {
						close();
						question.act();
					}}
				>
					{question.yes}
				</button>
			</div>
		</DialogFrame>
	);
}
