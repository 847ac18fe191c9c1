// Who is in the room, and who of them is there.
import { Room_Standing } from "@verbatim/protocol";
import type { JSX } from "preact";
import { membersInOrder, type RoomModel } from "../state/room.ts";
import { useApp } from "./context.ts";
import { Face } from "./face.tsx";
import { Icon } from "./icon.tsx";

export function Members({ model }: { readonly model: RoomModel }): JSX.Element {
	const { layout, rooms } = useApp();
	model.version.value;
	rooms.presence.value;
	const all = membersInOrder(model.room.members.values());
	const members = all.filter((member) => member.standing !== Room_Standing.INVITED);
	const invited = all.filter((member) => member.standing === Room_Standing.INVITED);
	return (
		<aside class="members" aria-label="Members">
			<header>
				<h2>Members</h2>
				<button type="button" class="quiet" aria-label="Close members" onClick={() => (layout.members.value = false)}>
					<Icon name="close" />
				</button>
			</header>
			<ul>
				{members.map(({ user, standing, online }) => (
					<Person
						key={user.id}
						id={user.id}
						name={user.name}
						online={online}
						facts={standing === Room_Standing.OWNER ? "owner" : ""}
					/>
				))}
			</ul>
			{invited.length === 0 ? null : (
				<>
					<h3>Invited</h3>
					<ul>
						{invited.map(({ user }) => (
							<Person key={user.id} id={user.id} name={user.name} online={undefined} facts="" />
						))}
					</ul>
				</>
			)}
		</aside>
	);
}

interface PersonProps {
	readonly id: string;
	readonly name: string;
	readonly online: boolean | undefined;
	readonly facts: string;
}

function Person({ id, name, online, facts }: PersonProps): JSX.Element {
	const { actions, session } = useApp();
	const me = session.user.value?.id === id;
	const marks = [facts, me ? "you" : ""].filter(Boolean).join(", ");
	return (
		<li>
			<button
				type="button"
				class="person"
				disabled={me}
				title={me ? undefined : `Write to ${name}`}
				onClick={() => void actions.direct(name)}
			>
				<Face id={id} name={name} online={online} small />
				<span class="room-name">{name}</span>
				<span class="person-facts">{marks}</span>
				<span class="unseen">{online === undefined ? "" : online ? ", online" : ", offline"}</span>
			</button>
		</li>
	);
}
