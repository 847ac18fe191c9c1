// Down messages as lines for people and scripts. Pure. Every line is made by `lineOf`, which escapes control characters.
import {
	type Down,
	type Entry,
	type Failure,
	type Member,
	type MemberList,
	type Room,
	Room_Kind,
	Room_Standing,
	type User,
} from "@verbatim/protocol";
import { escapeControls } from "../../base/escape-controls.ts";

/** Members named in one line. */
const NAMES_A_LINE = 10;

/** Untrusted text as one line, with its end and escaped control characters. */
export function lineOf(text: string): string {
	return `${escapeControls(text)}\n`;
}

/** `#tea`; for a direct conversation the other user, `@ann`. */
export function labelOf(room: Room): string {
	return room.kind === Room_Kind.DIRECT ? `@${room.peer?.name ?? ""}` : `#${room.name}`;
}

/** One entry of the room called `label`. */
export function renderEntry(entry: Entry, label: string): string {
	const who = entry.sender?.name ?? "";
	const { body } = entry;
	switch (body.case) {
		case "message":
			return `${label} ${entry.seq} <${who}> ${body.value.text}`;
		case "created":
			return body.value.kind === Room_Kind.DIRECT
				? `* ${who} began a conversation with ${otherName(body.value.members, entry.sender)}`
				: `* ${who} created #${body.value.name}`;
		case "joined":
			return `* ${who} joined ${label}`;
		case "left":
			return `* ${who} left ${label}`;
		case "renamed":
			return `* ${who} renamed ${label} to #${body.value.name}`;
		case "invited":
			return `* ${who} invited ${body.value.user?.name ?? ""} to ${label}`;
		case undefined:
			return `- ${label} ${entry.seq} is something that this version cannot show`;
	}
}

export function renderFailure({ code, message, retryAfterMs }: Pick<Failure, "code" | "message" | "retryAfterMs">): string {
	if (retryAfterMs === 0) return `! ${code} ${message}`;
	const seconds = Math.ceil(retryAfterMs / 100) / 10;
	return `! ${code} ${message.replace(/[,;]? ?try again$/, "")}, try again in ${seconds} s`;
}

export function renderRooms(rooms: readonly Room[]): string[] {
	if (rooms.length === 0) return ["- there are no rooms yet; /join ROOM makes one"];
	return rooms.map((room) => {
		const label = labelOf(room);
		if (room.kind === Room_Kind.DIRECT) return `- ${label}`;
		const facts = [label, `${room.members} ${room.members === 1 ? "member" : "members"}`];
		if (room.kind === Room_Kind.PRIVATE) facts.push("private");
		if (room.standing === Room_Standing.INVITED) facts.push(`you are invited: /join ${room.name}`);
		else if (room.standing !== Room_Standing.NONE) facts.push("you are in it");
		return `- ${facts.join(", ")}`;
	});
}

/** A page of members; in a large room, which has no presence, after their number. */
export function renderMembers({ members, total, online, presence }: MemberPage, label: string): string[] {
	const head = presence ? [] : [`- ${label}: ${total} members, ${online} online`];
	return [...head, ...namesOf(members, presence, label)];
}

type MemberPage = Pick<MemberList, "members" | "total" | "online" | "presence">;

function namesOf(members: readonly Member[], presence: boolean, label: string): string[] {
	const named = members.map(({ user, standing, online }) => {
		const facts: string[] = [];
		if (standing === Room_Standing.OWNER) facts.push("owner");
		if (standing === Room_Standing.INVITED) facts.push("invited");
		if (presence && !online) facts.push("offline");
		return `${user?.name ?? ""}${facts.length === 0 ? "" : ` (${facts.join(", ")})`}`;
	});
	const lines: string[] = [];
	for (let at = 0; at < named.length; at += NAMES_A_LINE)
		lines.push(`- ${label}: ${named.slice(at, at + NAMES_A_LINE).join(", ")}`);
	return lines.length === 0 ? [`- ${label}: nobody`] : lines;
}

/** A notification that is no entry; undefined if it is not shown. */
export function renderNotice(body: Down["body"]): string | undefined {
	switch (body.case) {
		case "invited": {
			const { by, room } = body.value;
			return `- ${by?.name ?? ""} invites you to #${room?.name ?? ""}: /join ${room?.name ?? ""}`;
		}
		case "behind":
			return body.value.behind
				? "- you read more slowly than is written here; what you miss follows"
				: "- you have caught up with everything";
		case "close":
			return `- ${body.value.reason}${body.value.reconnect ? "; connect again" : ""}`;
		case "failure":
			return renderFailure(body.value);
		default:
			return undefined;
	}
}

function otherName(members: readonly User[], sender: User | undefined): string {
	return (members.find((member) => member.id !== sender?.id) ?? sender)?.name ?? "";
}
