import Papa from 'papaparse';

export type ColumnKind = 'number' | 'text';

export interface Column {
	name: string;
	kind: ColumnKind;
	/** Width in characters that suits its cells. */
	width: number;
	/** How a cell is written out, when not as it is. */
	write?: (cell: string) => string;
}

export interface Table {
	columns: Column[];
	rows: string[][];
	/** Whether rows or columns beyond those here were left out. */
	isCut: boolean;
}

/** More are not drawn. */
export const ROWS_MAX = 100_000;
export const COLUMNS_MAX = 500;
/** Cells that are looked at to tell how wide a column is. */
const SAMPLE = 200;
const [NARROWEST, WIDEST] = [6, 42];
const MISSING = new Set(['', 'na', 'n/a', 'nan', 'null', 'none', '-', '--']);

/** A number as tables write it; nothing for words, and for what only looks like a number in a spreadsheet. */
export function numberOf(cell: string): number | undefined {
	const text = cell.trim().replace('\u2212', '-');
	if (!/^[+-]?(\d+\.?\d*|\.\d+)([eEdD][+-]?\d+)?$/.test(text)) return undefined;
	return Number(text.replace(/[dD]/, 'e'));
}

export function isMissing(cell: string): boolean {
	return MISSING.has(cell.trim().toLowerCase());
}

/** Numeric when every cell that is there is a number. */
export function kindOf(cells: Iterable<string>): ColumnKind {
	let numbers = 0;
	for (const cell of cells) {
		if (isMissing(cell)) continue;
		if (numberOf(cell) === undefined) return 'text';
		numbers += 1;
	}
	return numbers > 0 ? 'number' : 'text';
}

/**
 * Parses the beginning of a table. Cells are text and stay text: a formula is never worked out. When `isCut`, the last
 * line is left out because it may be half of one.
 */
export function parseTable(text: string, delimiter: string | undefined, isCut: boolean): Table {
	const parsed = Papa.parse<string[]>(text, {
		delimiter: delimiter ?? '',
		skipEmptyLines: 'greedy',
		preview: ROWS_MAX + 2
	});
	const lines = isCut && parsed.data.length > 1 ? parsed.data.slice(0, -1) : parsed.data;
	return tableOf(lines, isCut);
}

/** Lines as a table; the first names the columns unless it is all numbers. */
export function tableOf(lines: string[][], isCut: boolean): Table {
	const [first = [], ...others] = lines;
	const hasNames = !first.every((cell) => isMissing(cell) || numberOf(cell) !== undefined);
	const all = hasNames ? others : lines;
	const rows = all.slice(0, ROWS_MAX);
	const sample = rows.slice(0, SAMPLE);
	const count = lines.slice(0, SAMPLE).reduce((most, line) => Math.max(most, line.length), 0);
	const columns = Array.from({ length: Math.min(count, COLUMNS_MAX) }, (_, place) => {
		const name = hasNames ? (first[place] ?? '').trim() : `${place + 1}`;
		const cells = rows.map((row) => row[place] ?? '');
		return { name, kind: kindOf(cells), width: widthOf([name, ...sample.map((row) => row[place] ?? '')]) };
	});
	return { columns, rows, isCut: isCut || rows.length < all.length || count > COLUMNS_MAX };
}

/** How many characters wide a column is drawn. Chinese characters take the room of two. */
export function widthOf(cells: string[]): number {
	const widths = cells.map((cell) => {
		const shown = cell.slice(0, WIDEST);
		return [...shown].reduce((sum, letter) => sum + (letter.codePointAt(0)! > 0x2e7f ? 2 : 1), 0);
	});
	return Math.min(WIDEST, Math.max(NARROWEST, ...widths));
}

/** The order of rows by a column; missing cells come last either way. */
export function sortedRows(table: Table, column: number, descending: boolean): number[] {
	const kind = table.columns[column]!.kind;
	const collator = new Intl.Collator(undefined, { numeric: true });
	const cells = table.rows.map((row) => row[column] ?? '');
	const numbers = kind === 'number' ? cells.map((cell) => numberOf(cell) ?? 0) : [];
	const compare = (a: number, b: number) =>
		kind === 'number' ? numbers[a]! - numbers[b]! : collator.compare(cells[a]!, cells[b]!);
	return cells
		.map((_, row) => row)
		.sort((a, b) => {
			const missing = Number(isMissing(cells[a]!)) - Number(isMissing(cells[b]!));
			return missing || (descending ? compare(b, a) : compare(a, b)) || a - b;
		});
}
