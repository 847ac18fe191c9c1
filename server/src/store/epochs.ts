/** The proposed epoch, or the next one if it happens to be the old one: a new epoch differs. Both are uint32 above zero. */
export function otherThan(old: number, proposed: number): number {
	return proposed === old ? (old % 0xffff_ffff) + 1 : proposed;
}
