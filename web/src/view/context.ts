// Access of views to the page's state.
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { App } from "../state/app.ts";

export const AppContext = createContext<App | undefined>(undefined);

/** The state of this view's page. */
export function useApp(): App {
	const app = useContext(AppContext);
	if (app === undefined) throw new Error("a view stands outside of its page");
	return app;
}
