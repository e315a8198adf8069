export type JsonKind = 'object' | 'array' | 'string' | 'number' | 'boolean' | 'null';

type Container = Record<string, unknown> | unknown[];

/** A line of the tree that is drawn. */
export interface JsonRow {
	depth: number;
	/** Name in its object or place in its array; nothing for the root. */
	key: string | undefined;
	/** Whether the key is a place in an array. */
	isPlace: boolean;
	kind: JsonKind | 'more';
	/** A value in short; for `more`, how many are not shown yet. */
	text: string;
	/** Of a container: how much is in it. */
	size: number;
	isOpen: boolean;
	/** The object or array that the line stands for; of `more`, the one whose rest it stands for. */
	container: Container | undefined;
}

/** Members of one container that are drawn before asking for more. */
export const SHOWN_AT_FIRST = 500;
const TEXT_MAX = 400;

export function kindOf(value: unknown): JsonKind {
	if (value === null) return 'null';
	if (Array.isArray(value)) return 'array';
	return typeof value as JsonKind;
}

export function isContainer(value: unknown): value is Container {
	return typeof value === 'object' && value !== null;
}

function membersOf(container: Container): [string, unknown][] {
	return Object.entries(container);
}

/** Numbers as a file writes them, by container and key, where JavaScript would write them otherwise: `1.0`, long ids. */
export type Written = WeakMap<Container, Map<string, string>>;

/** Reads JSON; throws what `JSON.parse` throws. */
export function parseJson(text: string): { root: unknown; written: Written } {
	const written: Written = new WeakMap();
	// Browsers that do not tell the source of a value show it as JavaScript does.
	function note(this: Container, key: string, value: unknown, context?: { source?: string }): unknown {
		const source = context?.source;
		if (typeof value === 'number' && source !== undefined && source !== String(value)) {
			const of = written.get(this) ?? new Map<string, string>();
			written.set(this, of.set(key, source));
		}
		return value;
	}
	return { root: JSON.parse(text, note), written };
}

/** A value in one line. Whole numbers that JavaScript cannot hold say that they are near ones. */
export function textOf(value: unknown): string {
	if (typeof value === 'string') {
		return JSON.stringify(value.length > TEXT_MAX ? `${value.slice(0, TEXT_MAX)}…` : value);
	}
	if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value))
		return `≈ ${value}`;
	return String(value);
}

/** The containers down to `depth`, which are open at first; not more than fit on a few screens. */
export function openAtFirst(root: unknown, depth: number, most = 200): Set<Container> {
	const open = new Set<Container>();
	let level: unknown[] = [root];
	let rows = 0;
	for (let current = 0; current < depth; current += 1) {
		const containers = level.filter(isContainer);
		level = [];
		for (const container of containers) {
			const members = membersOf(container);
			if (rows > 0 && rows + members.length > most) continue;
			rows += members.length;
			open.add(container);
			level.push(...members.slice(0, SHOWN_AT_FIRST).map(([, value]) => value));
		}
	}
	return open;
}

/** The lines of the tree, of open containers only. Walks without recursion: hostile files are deep. */
export function rowsOf(
	root: unknown,
	open: Set<Container>,
	shown: Map<Container, number>,
	written: Written = new WeakMap()
): JsonRow[] {
	const rows: JsonRow[] = [];
	const stack: { members: [string, unknown][]; place: number; end: number; depth: number; of: Container }[] =
		[];
	const push = (value: unknown, key: string | undefined, depth: number, of?: Container) => {
		const container = isContainer(value) ? value : undefined;
		const members = container === undefined ? [] : membersOf(container);
		const isOpen = container !== undefined && open.has(container);
		const source = of && key !== undefined ? written.get(of)?.get(key) : undefined;
		const text = container === undefined ? (source ?? textOf(value)) : '';
		const isPlace = Array.isArray(of);
		rows.push({ depth, key, isPlace, kind: kindOf(value), text, size: members.length, isOpen, container });
		if (container !== undefined && isOpen && members.length > 0) {
			const end = Math.min(members.length, shown.get(container) ?? SHOWN_AT_FIRST);
			stack.push({ members, place: 0, end, depth: depth + 1, of: container });
		}
	};
	push(root, undefined, 0);
	for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
		if (top.place < top.end) {
			const [key, value] = top.members[top.place]!;
			top.place += 1;
			push(value, key, top.depth, top.of);
			continue;
		}
		stack.pop();
		const rest = top.members.length - top.end;
		if (rest > 0) {
			const more = {
				key: undefined,
				isPlace: false,
				kind: 'more' as const,
				text: String(rest),
				size: rest,
				isOpen: false
			};
			rows.push({ ...more, depth: top.depth, container: top.of });
		}
	}
	return rows;
}

/** A member that a search has found. */
export interface JsonMatch {
	/** The object or array that it is in. */
	container: Container;
	key: string;
}

export interface JsonMatches {
	found: JsonMatch[];
	/** The containers around a match, from the root on. */
	around: (match: JsonMatch) => Container[];
}

/** Members whose key, or whose text value, contains the words; at most `most`. */
export function findMembers(root: unknown, words: string, most: number): JsonMatches {
	const wanted = words.toLowerCase();
	const found: JsonMatch[] = [];
	const parents = new Map<Container, Container>();
	const around = (match: JsonMatch) => {
		const chain: Container[] = [];
		for (let at: Container | undefined = match.container; at !== undefined; at = parents.get(at))
			chain.push(at);
		return chain.reverse();
	};
	const waiting: Container[] = wanted !== '' && isContainer(root) ? [root] : [];
	for (let container = waiting.pop(); container !== undefined; container = waiting.pop()) {
		const inner: Container[] = [];
		for (const [key, value] of membersOf(container)) {
			const isNamed = !Array.isArray(container) && key.toLowerCase().includes(wanted);
			if (isNamed || (typeof value === 'string' && value.toLowerCase().includes(wanted))) {
				found.push({ container, key });
				if (found.length >= most) return { found, around };
			}
			if (isContainer(value)) {
				parents.set(value, container);
				inner.push(value);
			}
		}
		for (const one of inner.reverse()) waiting.push(one);
	}
	return { found, around };
}
