// Who is here: the sessions of every user of this process.
import type { Device } from "./device.ts";

const NOBODY: ReadonlySet<never> = new Set<never>();

export class Directory<D extends Device = Device> {
	private readonly byUser = new Map<string, Set<D>>();

	/** Returns whether it is the user's first. */
	add(device: D): boolean {
		const devices = this.byUser.get(device.user.id);
		if (devices === undefined) {
			this.byUser.set(device.user.id, new Set([device]));
			return true;
		}
		devices.add(device);
		return false;
	}

	/** Returns whether it was the user's last. */
	remove(device: D): boolean {
		const devices = this.byUser.get(device.user.id);
		if (!devices?.delete(device)) return false;
		if (devices.size > 0) return false;
		this.byUser.delete(device.user.id);
		return true;
	}

	of(userId: string): ReadonlySet<D> {
		return this.byUser.get(userId) ?? NOBODY;
	}

	isOnline(userId: string): boolean {
		return this.byUser.has(userId);
	}

	/** Users who are here. */
	get users(): number {
		return this.byUser.size;
	}
}
