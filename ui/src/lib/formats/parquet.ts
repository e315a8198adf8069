import { parquetMetadataAsync, parquetReadObjects, type AsyncBuffer, type FileMetaData } from 'hyparquet';
import { startsWith, type ReadRange } from './bytes';
import { Fault } from './fault';

export interface Parquet {
	rows: number;
	rowGroups: number;
	/** Leaves of the schema, by their whole names. */
	columns: { name: string; type: string }[];
	/** Columns of the table, nested ones as one. */
	topColumns: string[];
	codecs: string[];
	writtenBy: string | undefined;
	footerBytes: number;
	/** The first rows as text; none when they are too large to fetch or packed in a way that is not read here. */
	preview: string[][] | undefined;
}

const FOOTER_MAX_BYTES = 16 * 1024 * 1024;
const PREVIEW_ROWS = 100;
/** A first row group of more bytes is not fetched for a preview. */
const PREVIEW_MAX_BYTES = 8 * 1024 * 1024;
const TEXT_MAX = 400;

/** Reads the footer of a Parquet file, and its first rows where that is cheap. */
export async function readParquet(read: ReadRange, fileSize: number): Promise<Parquet> {
	const end = await read(Math.max(0, fileSize - 8), 8);
	if (fileSize < 12 || !startsWith(end.subarray(4), 'PAR1')) throw new Fault('not_this_format');
	const footerBytes = new DataView(end.buffer, end.byteOffset).getUint32(0, true);
	if (footerBytes > FOOTER_MAX_BYTES) throw new Fault('header_too_large');
	if (footerBytes > fileSize - 12) throw new Fault('truncated');
	const file = bufferOf(read, fileSize);
	const metadata = await parquetMetadataAsync(file);
	return {
		rows: Number(metadata.num_rows),
		rowGroups: metadata.row_groups.length,
		columns: columnsOf(metadata),
		topColumns: topColumnsOf(metadata),
		codecs: codecsOf(metadata),
		writtenBy: metadata.created_by,
		footerBytes,
		preview: await preview(file, metadata)
	};
}

function bufferOf(read: ReadRange, byteLength: number): AsyncBuffer {
	return {
		byteLength,
		async slice(start, end = byteLength) {
			const from = start < 0 ? byteLength + start : start;
			const bytes = await read(from, end - from);
			return bytes.slice().buffer;
		}
	};
}

function columnsOf({ schema }: FileMetaData): Parquet['columns'] {
	const columns: Parquet['columns'] = [];
	const way: { name: string; left: number }[] = [];
	for (const element of schema.slice(1)) {
		while (way.length > 0 && way.at(-1)!.left === 0) way.pop();
		const parent = way.at(-1);
		if (parent !== undefined) parent.left -= 1;
		if (element.num_children) way.push({ name: element.name, left: element.num_children });
		else {
			const name = [...way.map((step) => step.name), element.name].join('.');
			const logical = element.logical_type?.type ?? element.converted_type;
			const type = logical ? `${element.type} (${logical})` : String(element.type);
			columns.push({ name, type: element.repetition_type === 'REQUIRED' ? type : `${type}?` });
		}
	}
	return columns;
}

function topColumnsOf({ schema }: FileMetaData): string[] {
	const names: string[] = [];
	for (let place = 1; place < schema.length;) {
		names.push(schema[place]!.name);
		let left = 1;
		while (left > 0 && place < schema.length) {
			left += (schema[place]!.num_children ?? 0) - 1;
			place += 1;
		}
	}
	return names;
}

function codecsOf({ row_groups: groups }: FileMetaData): string[] {
	const codecs = groups
		.slice(0, 100)
		.flatMap(({ columns }) => columns.map((column) => column.meta_data?.codec));
	return [...new Set(codecs.filter((codec) => codec !== undefined))];
}

async function preview(file: AsyncBuffer, metadata: FileMetaData): Promise<string[][] | undefined> {
	const [first] = metadata.row_groups;
	if (first === undefined) return undefined;
	const packed = first.columns.reduce(
		(sum, column) => sum + Number(column.meta_data?.total_compressed_size ?? 0),
		0
	);
	if (packed > PREVIEW_MAX_BYTES) return undefined;
	try {
		const rowEnd = Math.min(PREVIEW_ROWS, Number(first.num_rows));
		const rows = await parquetReadObjects({ file, metadata, rowStart: 0, rowEnd });
		const names = topColumnsOf(metadata);
		return rows.map((row) => names.map((name) => textOf(row[name])));
	} catch {
		return undefined;
	}
}

function textOf(value: unknown): string {
	if (value === null || value === undefined) return '';
	if (value instanceof Date) return value.toISOString();
	if (value instanceof Uint8Array) return `${value.length} B`;
	const text =
		typeof value === 'object'
			? JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? String(inner) : inner))
			: String(value);
	return text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX)}…` : text;
}
