// Who is here: the sessions of every user of this process.
import type { Device } from "./device.ts";

export class Directory<D extends Device = Device> {
	/** Nearly everybody has one session, which needs no set. */
	private readonly byUser = new Map<string, D | Set<D>>();

	add(device: D): void {
		const devices = this.byUser.get(device.user.id);
		if (devices === undefined) this.byUser.set(device.user.id, device);
		else if (devices instanceof Set) devices.add(device);
		else this.byUser.set(device.user.id, new Set([devices, device]));
	}

	/** Returns whether it was the user's last. */
	remove(device: D): boolean {
		const devices = this.byUser.get(device.user.id);
		if (devices instanceof Set ? !devices.delete(device) || devices.size > 0 : devices !== device) return false;
		this.byUser.delete(device.user.id);
		return true;
	}

	of(userId: string): Iterable<D> {
		const devices = this.byUser.get(userId);
		if (devices === undefined) return [];
		return devices instanceof Set ? devices : [devices];
	}

	/** Has any of the user's sessions been let in? One that is only about to be may never come. */
	isOnline(userId: string): boolean {
		for (const device of this.of(userId)) if (device.present) return true;
		return false;
	}

	/** Users who are here. */
	get users(): number {
		return this.byUser.size;
	}
}
