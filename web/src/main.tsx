// Entry point of the page: one client for this server, and the views on it.
import { connect, indexedDbOutbox, systemClock, webStorageMarks, webStorageTokens } from "@verbatim/client";
import { render } from "preact";
import { createApp } from "./state/app.ts";
import { forgetAllDrafts, safeStorage, tabStorage } from "./state/storage.ts";
import { Page } from "./view/page.tsx";

const storage = safeStorage(() => window.localStorage);
const tokens = webStorageTokens(storage);
const endpoint = new URL("/ws", window.location.href);
endpoint.protocol = endpoint.protocol === "https:" ? "wss:" : "ws:";

const client = connect({
	endpoints: endpoint.href,
	tokens,
	marks: webStorageMarks(storage),
	outbox: indexedDbOutbox(),
	client: "verbatim-web/0.1.0",
});

// Another tab signed out, or in as another user: this tab must not go on as the former one.
window.addEventListener("storage", () => {
	const here = client.user?.id;
	if (here === undefined) return;
	void tokens.load().then((kept) => {
		if (kept?.user.id === here) return;
		forgetAllDrafts(() => window.sessionStorage);
		window.location.reload();
	});
});

const root = document.getElementById("page");
const drafts = tabStorage(
	safeStorage(() => window.sessionStorage),
	storage,
);
if (root !== null) render(<Page app={createApp({ client, clock: systemClock, storage, drafts, window })} />, root);
