// The page as a whole: signing in, or the rooms.
import type { JSX } from "preact";
import type { App } from "../state/app.ts";
import { AppContext } from "./context.ts";
import { QuestionDialog } from "./question-dialog.tsx";
import { Shell } from "./shell.tsx";
import { SignIn } from "./sign-in.tsx";
import { Starting } from "./starting.tsx";
import { ToastList } from "./toasts.tsx";

export function Page({ app }: { readonly app: App }): JSX.Element {
	return (
		<AppContext.Provider value={app}>
			<Stage app={app} />
			<Over app={app} />
		</AppContext.Provider>
	);
}

/** What covers everything. */
function Over({ app }: { readonly app: App }): JSX.Element {
	const question = app.layout.question.value;
	return (
		<>
			{question === undefined ? null : <QuestionDialog question={question} />}
			{app.layout.modals.value === 0 ? <ToastList /> : null}
		</>
	);
}

function Stage({ app }: { readonly app: App }): JSX.Element {
	const phase = app.session.phase.value;
	if (phase.phase === "signedIn") return <Shell key={phase.user.id} user={phase.user} />;
	if (phase.phase === "signedOut") return <SignIn {...(phase.why === undefined ? {} : { why: phase.why })} />;
	return <Starting />;
}
