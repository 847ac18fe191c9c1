// The composer's notice for a line that is a command, which is not sent.
import type { JSX } from "preact";
import { KEY_WORDS, type Line, PLACES } from "../text/commands.ts";
import { Icon } from "./icon.tsx";

export type CommandLine = Exclude<Line, { readonly kind: "say" }>;

interface CommandNoticeProps {
	readonly line: CommandLine;
	/** Sends it as typed. */
	readonly onSay: () => void;
	readonly onClose: () => void;
}

export function CommandNotice({ line, onSay, onClose }: CommandNoticeProps): JSX.Element {
	if (line.kind === "help") return <Help onClose={onClose} />;
	return (
		<p class="composer-command" role="alert">
			{line.words}
			{line.known ? null : (
				<>
					{" To say it as it is, begin with // or "}
					<button type="button" class="link" onClick={onSay}>
						say it now
					</button>
				</>
			)}
		</p>
	);
}

function Help({ onClose }: Pick<CommandNoticeProps, "onClose">): JSX.Element {
	return (
		<section class="composer-help" aria-label="Commands">
			<button type="button" class="quiet" aria-label="Close the commands" onClick={onClose}>
				<Icon name="close" />
			</button>
			<div role="status">
				{KEY_WORDS.map((words) => (
					<p key={words}>{words}</p>
				))}
			</div>
			<dl>
				{PLACES.map(({ commands, words }) => (
					<div key={words}>
						<dt>{commands.map((name) => `/${name}`).join(" ")}</dt>
						<dd>{words}</dd>
					</div>
				))}
			</dl>
		</section>
	);
}
