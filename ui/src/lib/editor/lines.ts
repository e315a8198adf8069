/** Lines that an address names, counted from 1, both ends included. */
export interface Lines {
	from: number;
	to: number;
}

/** The lines of a hash such as `#L10` or `#L10-L20`, in either order. */
export function linesOf(hash: string): Lines | undefined {
	const found = /^#L(\d{1,9})(?:-L?(\d{1,9}))?$/.exec(hash);
	if (found === null) return undefined;
	const [first, second] = [Number(found[1]), Number(found[2] ?? found[1])];
	if (first === 0 || second === 0) return undefined;
	return { from: Math.min(first, second), to: Math.max(first, second) };
}

/** The hash that names lines. */
export function hashOf({ from, to }: Lines): string {
	return from === to ? `#L${from}` : `#L${from}-L${to}`;
}
