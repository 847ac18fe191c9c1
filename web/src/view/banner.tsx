// The notice about the connection: what is wrong, why, when it is retried, and a button to retry now.
import type { JSX } from "preact";
import { connectionNotice } from "../text/words.ts";
import { useApp } from "./context.ts";

export function Banner(): JSX.Element | null {
	const { client, session, now } = useApp();
	const status = session.status.value;
	// The clock is read only during a countdown: an idle page does not tick.
	const notice = connectionNotice(status, status.state === "waiting" ? now.value : 0, session.user.value !== undefined);
	if (notice === undefined) return null;
	return (
		<div class={notice.mild ? "banner banner-mild" : "banner"} role="status">
			<span class="banner-pulse" aria-hidden="true" />
			<p title={notice.why}>
				{notice.words}
				{notice.why === undefined ? null : <span class="banner-why">{notice.why}</span>}
			</p>
			{notice.offer === undefined ? null : (
				<button
					type="button"
					class="link"
					onClick={() => (notice.offer === "now" ? client.reconnect() : window.location.reload())}
				>
					{notice.offer === "now" ? "Try now" : "Reload"}
				</button>
			)}
		</div>
	);
}
