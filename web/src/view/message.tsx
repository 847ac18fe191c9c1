// A message: sender, time, text, and delivery state.
import type { Delivery } from "@verbatim/client";
import type { JSX } from "preact";
import { piecesOf } from "../text/links.ts";
import type { MessageRow } from "../text/rows.ts";
import { failedWords, unsentWords } from "../text/words.ts";
import { useApp } from "./context.ts";
import { Face } from "./face.tsx";
import { Icon } from "./icon.tsx";

/** Shorter refusals are shown by the sign alone. */
const REASON_AFTER_MS = 3_000;

export function Message({ row }: { readonly row: MessageRow }): JSX.Element {
	const { times } = useApp();
	const { sender, delivery } = row;
	const classes = ["message", row.leads ? "message-leads" : "", delivery === undefined ? "" : `message-${delivery.status.state}`];
	const time = (
		<time dateTime={new Date(row.atMs).toISOString()} title={times.full(row.atMs)}>
			{row.leads ? times.short(row.atMs) : times.narrow(row.atMs)}
		</time>
	);
	return (
		<div class={classes.filter(Boolean).join(" ")}>
			{row.leads ? <Face id={sender.id} name={sender.name} /> : <span class="message-aside">{time}</span>}
			<div class="message-body">
				{row.leads ? (
					<header>
						<bdi class="message-name">{sender.name}</bdi>
						{time}
					</header>
				) : (
					<span class="unseen">{sender.name}:</span>
				)}
				<p class="message-text" dir="auto">
					<Text text={row.text} />
					{delivery === undefined ? null : <OnItsWay delivery={delivery} />}
				</p>
				{delivery === undefined ? null : <WhyUnsent delivery={delivery} />}
				{delivery?.status.state === "failed" ? <Failed delivery={delivery} /> : null}
			</div>
		</div>
	);
}

function Text({ text }: { readonly text: string }): JSX.Element {
	return (
		<>
			{piecesOf(text).map((piece) =>
				piece.href === undefined ? (
					piece.text
				) : (
					<a href={piece.href} target="_blank" rel="noopener noreferrer nofollow">
						{piece.text}
					</a>
				),
			)}
		</>
	);
}

/** A sign at the text's end: pending, or sent and not yet acknowledged. */
function OnItsWay({ delivery }: { readonly delivery: Delivery }): JSX.Element | null {
	const { state } = delivery.status;
	if (state !== "waiting" && state !== "sent") return null;
	const words = unsentWords(delivery.status);
	return (
		<span class="on-its-way" title={words}>
			<Icon name={state === "waiting" ? "clock" : "check"} />
			<span class="unseen">{words}</span>
		</span>
	);
}

/** The last refusal, once it lasts. */
function WhyUnsent({ delivery }: { readonly delivery: Delivery }): JSX.Element | null {
	const { now } = useApp();
	const { status } = delivery;
	if ((status.state !== "waiting" && status.state !== "sent") || status.refusal === undefined) return null;
	if (now.value - delivery.atMs < REASON_AFTER_MS) return null;
	return (
		<div class="unsent" role="status">
			{unsentWords(status)}
		</div>
	);
}

function Failed({ delivery }: { readonly delivery: Delivery }): JSX.Element | null {
	const { status } = delivery;
	if (status.state !== "failed") return null;
	return (
		<div class="failed" role="alert">
			<Icon name="alert" />
			<span>{failedWords(status.error)}</span>
			<button type="button" class="link" onClick={() => delivery.retry()}>
				Try again
			</button>
			<button type="button" class="link" onClick={() => delivery.discard()}>
				Discard
			</button>
		</div>
	);
}
