/** A run of a line; `changed` where it differs from the line that it replaces or is replaced by. */
export interface Run {
	text: string;
	changed: boolean;
}

export type Kind = 'context' | 'added' | 'deleted';

/** A line of a diff with its numbers in the old and new text. */
export interface DiffLine {
	kind: Kind;
	old: number | undefined;
	new: number | undefined;
	runs: Run[];
	noNewline: boolean;
}

interface Hunk {
	old_start: number;
	new_start: number;
	lines: { kind: string; text: string; no_newline: boolean }[];
}

/** A row with the old text at the left and the new one at the right. */
export interface SplitRow {
	left: DiffLine | undefined;
	right: DiffLine | undefined;
}

/** The lines of a hunk with their numbers; where a line replaces another, what differs is marked. */
export function hunkLines(hunk: Hunk): DiffLine[] {
	let [before, after] = [hunk.old_start, hunk.new_start];
	const lines = hunk.lines.map(({ kind, text, no_newline }): DiffLine => {
		const known: Kind = kind === 'added' || kind === 'deleted' ? kind : 'context';
		return {
			kind: known,
			old: known === 'added' ? undefined : before++,
			new: known === 'deleted' ? undefined : after++,
			runs: [{ text, changed: false }],
			noNewline: no_newline
		};
	});
	for (const { deleted, added } of replacements(lines)) {
		// Blocks of other lengths are rewritten rather than edited; words that happen to be equal would mislead.
		if (deleted.length !== added.length) continue;
		deleted.forEach((line, index) => markWords(line, added[index]!));
	}
	return lines;
}

/** The lines of a hunk side by side; deleted lines stand beside those that were added in their place. */
export function splitRows(lines: DiffLine[]): SplitRow[] {
	const rows: SplitRow[] = [];
	let index = 0;
	while (index < lines.length) {
		if (lines[index]!.kind === 'context') {
			rows.push({ left: lines[index], right: lines[index] });
			index += 1;
			continue;
		}
		const [deleted, added] = changeAt(lines, index);
		for (let row = 0; row < Math.max(deleted.length, added.length); row += 1) {
			rows.push({ left: deleted[row], right: added[row] });
		}
		index += deleted.length + added.length;
	}
	return rows;
}

/** Deleted lines from a place on, and the added ones right behind them. */
function changeAt(lines: DiffLine[], start: number): [DiffLine[], DiffLine[]] {
	const run = (from: number, kind: Kind) => {
		let end = from;
		while (lines[end]?.kind === kind) end += 1;
		return lines.slice(from, end);
	};
	const deleted = run(start, 'deleted');
	return [deleted, run(start + deleted.length, 'added')];
}

function replacements(lines: DiffLine[]): { deleted: DiffLine[]; added: DiffLine[] }[] {
	const found = [];
	for (let index = 0; index < lines.length;) {
		const [deleted, added] = changeAt(lines, index);
		if (deleted.length > 0 && added.length > 0) found.push({ deleted, added });
		index += Math.max(1, deleted.length + added.length);
	}
	return found;
}

/** Longer lines, such as those of packed scripts, are not compared. */
const LONGEST = 1_000;
/** Lines that share less than this part are different lines. */
const LEAST_SHARED = 0.3;

function markWords(deleted: DiffLine, added: DiffLine): void {
	const before = words(deleted.runs[0]!.text);
	const after = words(added.runs[0]!.text);
	const length = Math.max(deleted.runs[0]!.text.length, added.runs[0]!.text.length);
	if (length > LONGEST) return;
	let start = 0;
	while (start < before.length && start < after.length && before[start] === after[start]) start += 1;
	let end = 0;
	const most = Math.min(before.length, after.length) - start;
	while (end < most && before[before.length - 1 - end] === after[after.length - 1 - end]) end += 1;
	const shared = [...before.slice(0, start), ...before.slice(before.length - end)].join('').trim().length;
	if (shared < length * LEAST_SHARED) return;
	deleted.runs = runs(before, start, end);
	added.runs = runs(after, start, end);
}

function runs(parts: string[], start: number, end: number): Run[] {
	return [
		{ text: parts.slice(0, start).join(''), changed: false },
		{ text: parts.slice(start, parts.length - end).join(''), changed: true },
		{ text: parts.slice(parts.length - end).join(''), changed: false }
	].filter((run) => run.text !== '');
}

/** Words, numbers, single signs and single Chinese characters. */
function words(text: string): string[] {
	return (
		text.match(/[\p{Script=Han}]|[\p{L}\p{N}_]+?(?=\p{Script=Han})|[\p{L}\p{N}_]+|\s+|[^\p{L}\p{N}_\s]/gu) ??
		[]
	);
}
