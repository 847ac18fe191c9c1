// How a client names a room: by id, `#name` for a channel, `@name` for the direct conversation with that user.
import { Refusal } from "@verbatim/protocol";
import { checkName } from "../name/names.ts";
import type { CommandContext } from "./context.ts";

export function isId(ref: string): boolean {
	return !ref.startsWith("#") && !ref.startsWith("@");
}

/** What makes channel names look alike. Rejects with `name_invalid`, saying why. */
export function channelName(name: string): { readonly name: string; readonly skeleton: string } {
	const checked = checkName(name);
	if (!checked.ok) throw new Refusal("name_invalid", checked.why);
	return { name: checked.name, skeleton: checked.skeleton };
}

/** The id of a room that exists. Rejects with `no_such_room` or `no_such_user`. */
export async function roomId(context: CommandContext, ref: string): Promise<string> {
	if (isId(ref)) return ref;
	const { store } = context.parts;
	const room = ref.startsWith("#")
		? await store.roomBySkeleton(channelName(ref.slice(1)).skeleton)
		: await store.directRoom(context.user.id, (await userByName(context, ref.slice(1))).id);
	if (room === undefined) throw new Refusal("no_such_room");
	return room.id;
}

export async function userByName(context: CommandContext, name: string): Promise<{ readonly id: string; readonly name: string }> {
	const user = await context.parts.accounts.byName(name);
	if (user === undefined) throw new Refusal("no_such_user");
	return { id: user.id, name: user.name };
}
