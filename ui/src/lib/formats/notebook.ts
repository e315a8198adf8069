import { Fault } from './fault';

/** An output of a cell in the richest form that can be shown. */
export type NotebookOutput =
	| { kind: 'text'; text: string; tone: 'plain' | 'error' }
	| { kind: 'image'; src: string; alt: string }
	| { kind: 'html'; html: string }
	| { kind: 'markdown'; text: string };

export interface NotebookCell {
	kind: 'markdown' | 'code' | 'raw';
	source: string;
	/** The number in front of a code cell that was run. */
	count: number | null;
	outputs: NotebookOutput[];
	/** Pictures inside the cell by their names, as data addresses. */
	attachments: Record<string, string>;
}

export interface Notebook {
	language: string;
	kernel: string | undefined;
	cells: NotebookCell[];
	/** Cells that are not shown. */
	left: number;
}

const CELLS_MAX = 1_000;
const TEXT_MAX = 100_000;
const IMAGES = ['image/png', 'image/jpeg', 'image/webp', 'image/gif', 'image/avif'];

type Loose = Record<string, unknown>;

function isLoose(value: unknown): value is Loose {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Texts of notebooks are one string or lines that are joined. */
function textOf(value: unknown): string {
	const text = Array.isArray(value) ? value.filter((line) => typeof line === 'string').join('') : value;
	return typeof text === 'string' ? text : '';
}

function cut(text: string): string {
	return text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX)}\n…` : text;
}

/** Reads a notebook (nbformat 4, and 3 as far as it is alike). */
export function parseNotebook(text: string): Notebook {
	let root: unknown;
	try {
		root = JSON.parse(text);
	} catch {
		throw new Fault('json_broken');
	}
	const cells = isLoose(root) ? cellsOf(root) : undefined;
	if (!isLoose(root) || cells === undefined) throw new Fault('not_this_format');
	const metadata = isLoose(root.metadata) ? root.metadata : {};
	const kernel = isLoose(metadata.kernelspec) ? metadata.kernelspec : {};
	const language = isLoose(metadata.language_info) ? metadata.language_info.name : kernel.language;
	return {
		language: typeof language === 'string' ? language : 'python',
		kernel: typeof kernel.display_name === 'string' ? kernel.display_name : undefined,
		cells: cells.slice(0, CELLS_MAX).filter(isLoose).map(cellOf),
		left: Math.max(0, cells.length - CELLS_MAX)
	};
}

function cellsOf(root: Loose): unknown[] | undefined {
	if (Array.isArray(root.cells)) return root.cells;
	const sheets = root.worksheets;
	const [sheet] = Array.isArray(sheets) ? (sheets as unknown[]) : [];
	return isLoose(sheet) && Array.isArray(sheet.cells) ? sheet.cells : undefined;
}

function cellOf(cell: Loose): NotebookCell {
	const kind = cell.cell_type === 'markdown' || cell.cell_type === 'code' ? cell.cell_type : 'raw';
	const count = cell.execution_count ?? cell.prompt_number;
	const outputs = Array.isArray(cell.outputs) ? cell.outputs.filter(isLoose) : [];
	return {
		kind,
		source: cut(textOf(cell.source ?? cell.input)),
		count: typeof count === 'number' ? count : null,
		outputs: kind === 'code' ? joined(outputs.flatMap(outputOf)) : [],
		attachments: attachmentsOf(cell.attachments)
	};
}

function outputOf(output: Loose): NotebookOutput[] {
	if (output.output_type === 'error' || output.output_type === 'pyerr') {
		const trace = Array.isArray(output.traceback) ? output.traceback.join('\n') : '';
		const text = trace || `${textOf(output.ename)}: ${textOf(output.evalue)}`;
		return [{ kind: 'text', text: cut(text), tone: 'error' }];
	}
	if (output.output_type === 'stream') {
		const tone = output.name === 'stderr' || output.stream === 'stderr' ? 'error' : 'plain';
		return [{ kind: 'text', text: cut(textOf(output.text)), tone: tone === 'error' ? 'plain' : tone }];
	}
	return isLoose(output.data) ? richest(output.data) : [];
}

function richest(data: Loose): NotebookOutput[] {
	const plain = textOf(data['text/plain']);
	for (const type of IMAGES) {
		const src = imageOf(type, textOf(data[type]));
		if (src !== undefined) return [{ kind: 'image', src, alt: plain }];
	}
	const drawing = textOf(data['image/svg+xml']);
	if (drawing !== '') return [{ kind: 'image', src: drawingOf(drawing), alt: plain }];
	const html = textOf(data['text/html']);
	if (html !== '') return [{ kind: 'html', html: cut(html) }];
	const markdown = textOf(data['text/markdown']) || textOf(data['text/latex']);
	if (markdown !== '') return [{ kind: 'markdown', text: cut(markdown) }];
	return plain === '' ? [] : [{ kind: 'text', text: cut(plain), tone: 'plain' }];
}

/** A picture as a data address; nothing when it is not base64. */
function imageOf(type: string, base64: string): string | undefined {
	const packed = base64.replace(/\s/g, '');
	return packed !== '' && /^[A-Za-z0-9+/]+={0,2}$/.test(packed) ? `data:${type};base64,${packed}` : undefined;
}

/** A drawing as the address of an image, in which nothing runs. */
function drawingOf(svg: string): string {
	return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}

function attachmentsOf(attachments: unknown): Record<string, string> {
	const found: Record<string, string> = {};
	if (!isLoose(attachments)) return found;
	for (const [name, forms] of Object.entries(attachments)) {
		if (!isLoose(forms)) continue;
		const src = IMAGES.map((type) => imageOf(type, textOf(forms[type]))).find((one) => one !== undefined);
		if (src !== undefined) found[name] = src;
	}
	return found;
}

/** Streams come in many small pieces. */
function joined(outputs: NotebookOutput[]): NotebookOutput[] {
	const all: NotebookOutput[] = [];
	for (const output of outputs) {
		const last = all.at(-1);
		if (output.kind === 'text' && last?.kind === 'text' && last.tone === output.tone)
			last.text += output.text;
		else all.push(output);
	}
	return all;
}
