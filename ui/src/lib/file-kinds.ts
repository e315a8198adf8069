import { m } from '$messages';
/** How the content of a file is shown. */
export type FileView =
	| 'code'
	| 'markdown'
	| 'image'
	| 'audio'
	| 'video'
	| 'pdf'
	| 'table'
	| 'json'
	| 'notebook'
	| 'safetensors'
	| 'gguf'
	| 'geotiff'
	| 'arrays'
	| 'numpy'
	| 'parquet'
	| 'archive'
	| 'facts';

/** Why only facts are shown. */
export type FactsReason = 'empty' | 'binary' | 'large';

export interface ShownAs {
	view: FileView;
	reason?: FactsReason;
	/** Whether the text of the file can be shown in place of the view. */
	hasSource: boolean;
}

/** What the choice goes by; the rest of a file's facts does not matter. */
export interface FileToShow {
	name: string;
	size: number;
	mime_type: string;
	is_binary: boolean;
	too_large: boolean;
	content?: string | null;
}

const MEBIBYTE = 1024 * 1024;

const BY_EXTENSION: Record<string, FileView> = Object.fromEntries(
	(
		[
			['markdown', 'md markdown mdown mkd'],
			['image', 'png jpg jpeg jfif webp gif avif bmp ico svg'],
			['audio', 'mp3 wav ogg oga flac m4a opus'],
			['video', 'mp4 m4v webm ogv'],
			['pdf', 'pdf'],
			['table', 'csv tsv tab'],
			['json', 'json geojson topojson webmanifest'],
			['notebook', 'ipynb'],
			['safetensors', 'safetensors'],
			['gguf', 'gguf'],
			['geotiff', 'tif tiff gtiff geotiff'],
			['arrays', 'nc nc3 nc4 cdf netcdf h5 hdf5 hdf he5 hdf4 h4'],
			['numpy', 'npy npz'],
			['parquet', 'parquet geoparquet pq'],
			['archive', 'zip kmz whl jar pt pth pt2 ckpt keras bin mar docx xlsx pptx odt ods']
		] as [FileView, string][]
	).flatMap(([view, extensions]) => extensions.split(' ').map((extension) => [extension, view]))
);

/** Formats in which loading a file runs what it says. */
const PICKLES = new Set(['bin', 'ckpt', 'dill', 'joblib', 'pickle', 'pkl', 'pt', 'pt2', 'pth']);

/** A view that needs the whole file takes none that is larger. */
const LARGEST: Partial<Record<FileView, number>> = {
	image: 64 * MEBIBYTE,
	json: 16 * MEBIBYTE,
	notebook: 32 * MEBIBYTE,
	markdown: 2 * MEBIBYTE
};

/** The extension of a name in lower case, without its dot; empty when there is none. */
export function extensionOf(name: string): string {
	const place = name.lastIndexOf('.');
	return place <= 0 ? '' : name.slice(place + 1).toLowerCase();
}

/** Whether loading the file with the usual tools may run code that it carries. */
export function mayRunWhenLoaded(name: string): boolean {
	return PICKLES.has(extensionOf(name));
}

/** Chooses how a file is shown, by its name, its size and what the hub says about it. Never by its content's promises. */
export function shownAs(file: FileToShow): ShownAs {
	const text = typeof file.content === 'string';
	if (file.size === 0) return { view: 'facts', reason: 'empty', hasSource: false };
	const view = BY_EXTENSION[extensionOf(file.name)];
	if (view === undefined || (view === 'archive' && text)) return asText(file);
	if (file.size > (LARGEST[view] ?? Infinity)) {
		const asBeginning = asText(file);
		return asBeginning.view === 'code' ? asBeginning : { view: 'facts', reason: 'large', hasSource: false };
	}
	// A text under the name of a picture is no picture; an SVG is one.
	const isDrawing = extensionOf(file.name) === 'svg';
	if (view === 'image' && text && !isDrawing) return asText(file);
	if (view === 'markdown' && !text) return asText(file);
	return { view, hasSource: text && ['markdown', 'image', 'table', 'json', 'notebook'].includes(view) };
}

function asText(file: FileToShow): ShownAs {
	if (typeof file.content === 'string') return { view: 'code', hasSource: false };
	// Of a large text the beginning is shown.
	if (file.too_large && !file.is_binary && isTextual(file)) return { view: 'code', hasSource: false };
	// Chinese texts in an older encoding are no UTF-8 and so no text to the hub.
	if (file.is_binary && !file.too_large && isPlainText(file)) return { view: 'code', hasSource: false };
	const reason = file.too_large && !file.is_binary ? 'large' : 'binary';
	return { view: 'facts', reason, hasSource: false };
}

function isPlainText(file: FileToShow): boolean {
	return file.mime_type.startsWith('text/');
}

function isTextual(file: FileToShow): boolean {
	return (
		isPlainText(file) ||
		/json|xml|yaml|toml|javascript|x-sh|sql/.test(file.mime_type) ||
		extensionOf(file.name) === 'log'
	);
}

const FORMAT_NAMES: Record<string, string> = {
	gguf: 'GGUF',
	h5: 'HDF5',
	hdf5: 'HDF5',
	nc: 'NetCDF',
	npy: 'NumPy',
	npz: 'NumPy',
	onnx: 'ONNX',
	parquet: 'Parquet',
	pt: 'PyTorch',
	pth: 'PyTorch',
	safetensors: 'Safetensors',
	tif: 'TIFF',
	tiff: 'TIFF',
	zarr: 'Zarr'
};

/** What the format of a file is called, by the ending of its name; nothing when it has none. */
export function formatName(name: string): string | undefined {
	const ending = /\.([A-Za-z0-9]{1,11})$/.exec(name)?.[1];
	switch (ending?.toLowerCase()) {
		case 'bin':
			return m.files_kind_binary();
		case 'ckpt':
			return m.files_kind_checkpoint();
	}
	return ending && (FORMAT_NAMES[ending.toLowerCase()] ?? ending.toUpperCase());
}
