/** A program's path; servers of Debian packages lie in /usr/sbin, which is not in everybody's PATH. */
export function which(name: string): string | undefined {
	return Bun.which(name) ?? Bun.which(name, { PATH: "/usr/sbin:/usr/local/sbin" }) ?? undefined;
}
