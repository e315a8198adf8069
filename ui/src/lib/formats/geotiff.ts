import {
	fromCustomClient,
	type BlockedSourceOptions,
	type GeoTIFF,
	type GeoTIFFImage,
	type RemoteSourceOptions
} from 'geotiff';

import { Fault } from './fault';

/** Sends a request for the file with these headers. */
export type SendRequest = (headers: Record<string, string>, signal?: AbortSignal) => Promise<Response>;

export interface GeoTiffFacts {
	width: number;
	height: number;
	bands: number;
	/** In words, such as `float32`. */
	type: string;
	/** Empty when there is none. */
	compression: string;
	layout: string;
	nodata: string | undefined;
	/** Code of the reference system, such as `EPSG:32632`. */
	crs: string | undefined;
	/** What the file says about it in words. */
	crsName: string | undefined;
	/** Edges of a pixel in units of the reference system. */
	pixel: [number, number] | undefined;
	/** Left, bottom, right, top. */
	bounds: [number, number, number, number] | undefined;
	isGeographic: boolean;
	/** Sign of the unit in which the pixel and the bounds are given; empty when the file does not name it. */
	unit: string;
	/** Six numbers in GDAL's order. */
	transform: number[] | undefined;
	overviews: [width: number, height: number][];
	/** Other pictures in the file, such as masks. */
	isBigTiff: boolean;
	metadata: [name: string, value: string][];
}

export interface Quicklook {
	width: number;
	height: number;
	/** Red, green, blue and opacity of each pixel. */
	pixels: Uint8ClampedArray<ArrayBuffer>;
}

export interface OpenGeoTiff {
	facts: GeoTiffFacts;
	/** Draws the picture; nothing when that would fetch much. */
	quicklook: () => Promise<Quicklook | undefined>;
}

const BLOCK_BYTES = 64 * 1024;
const IMAGES_MAX = 32;
/** Edges of a picture from which a quicklook is made, and of the quicklook. */
const [SOURCE_PIXELS, LOOK_EDGE] = [4_000_000, 640];
const LOOK_MAX_BYTES = 12 * 1024 * 1024;

const COMPRESSIONS: Record<number, string> = {
	1: '',
	2: 'CCITT RLE',
	3: 'CCITT Fax 3',
	4: 'CCITT Fax 4',
	5: 'LZW',
	6: 'JPEG (old)',
	7: 'JPEG',
	8: 'Deflate',
	32773: 'PackBits',
	32946: 'Deflate',
	34712: 'JPEG 2000',
	34887: 'LERC',
	34925: 'LZMA',
	50000: 'ZSTD',
	50001: 'WebP',
	50002: 'JPEG XL'
};
const FORMATS = ['', 'uint', 'int', 'float', '', 'complex int', 'complex float'];

/** Opens a GeoTIFF by ranges: its directories, and pixels only for a quicklook. */
export async function openGeoTiff(send: SendRequest, signal: AbortSignal): Promise<OpenGeoTiff> {
	const client = {
		url: '',
		async request({ headers = {}, signal: inner = signal }: RequestInit = {}) {
			const response = await send(headers as Record<string, string>, inner ?? undefined);
			return {
				ok: response.ok,
				status: response.status,
				getHeader: (name: string) => response.headers.get(name) ?? undefined,
				getData: () => response.arrayBuffer()
			};
		}
	};
	const options: RemoteSourceOptions & BlockedSourceOptions = {
		blockSize: BLOCK_BYTES,
		cacheSize: 64,
		allowFullFile: true
	};
	const tiff = await fromCustomClient(client, options, signal);
	const images = await imagesOf(tiff);
	if (!(images[0]!.getWidth() > 0 && images[0]!.getHeight() > 0)) throw new Fault('header_broken');
	const overviews = images.slice(1).filter((image) => isReduced(image) && !isMask(image));
	return {
		facts: await factsOf(images[0]!, overviews, tiff.bigTiff),
		quicklook: () => quicklook([images[0]!, ...overviews], signal)
	};
}

/** The pictures of the file. Their number is bounded, because directories may lead in a circle. */
async function imagesOf(tiff: GeoTIFF): Promise<GeoTIFFImage[]> {
	const images = [await tiff.getImage(0)];
	while (images.length < IMAGES_MAX) {
		try {
			images.push(await tiff.getImage(images.length));
		} catch {
			break;
		}
	}
	return images;
}

function kindOf(image: GeoTIFFImage): number {
	return Number(image.fileDirectory.getValue('NewSubfileType') ?? 0);
}

const isReduced = (image: GeoTIFFImage) => (kindOf(image) & 1) !== 0;
const isMask = (image: GeoTIFFImage) => (kindOf(image) & 4) !== 0;

async function factsOf(
	image: GeoTIFFImage,
	overviews: GeoTIFFImage[],
	isBigTiff: boolean
): Promise<GeoTiffFacts> {
	const keys = image.getGeoKeys() ?? {};
	const bits = image.getBitsPerSample(0);
	const compression = Number(image.fileDirectory.getValue('Compression') ?? 1);
	const placed = placement(image);
	const tile = `${image.getTileWidth()} × ${image.getTileHeight()}`;
	return {
		width: image.getWidth(),
		height: image.getHeight(),
		bands: image.getSamplesPerPixel(),
		type: `${FORMATS[image.getSampleFormat(0)] ?? 'uint'}${bits}`,
		compression: COMPRESSIONS[compression] ?? `#${compression}`,
		layout: image.isTiled ? tile : '',
		nodata: nodataOf(image),
		crs: codeOf(keys.ProjectedCSTypeGeoKey) ?? codeOf(keys.GeographicTypeGeoKey),
		crsName:
			textOf(keys.PCSCitationGeoKey) ?? textOf(keys.GTCitationGeoKey) ?? textOf(keys.GeogCitationGeoKey),
		isGeographic: keys.GTModelTypeGeoKey === 2,
		unit: unitOf(keys),
		overviews: overviews.map((overview) => [overview.getWidth(), overview.getHeight()]),
		isBigTiff,
		metadata: await metadataOf(image),
		...placed
	};
}

/** Linear units by their EPSG codes (OGC GeoTIFF 1.1, section 7.4.4). */
const LINEAR_UNITS: Record<number, string> = { 9001: ' m', 9002: ' ft', 9003: ' ft (US)', 9036: ' km' };

function unitOf(keys: { GTModelTypeGeoKey?: unknown; ProjLinearUnitsGeoKey?: unknown }): string {
	return keys.GTModelTypeGeoKey === 2 ? '°' : (LINEAR_UNITS[Number(keys.ProjLinearUnitsGeoKey)] ?? '');
}

function codeOf(code: unknown): string | undefined {
	// 32767 stands for a system of the author's own.
	return typeof code === 'number' && code > 0 && code !== 32_767 ? `EPSG:${code}` : undefined;
}

function textOf(value: unknown): string | undefined {
	const text = typeof value === 'string' ? value.replaceAll('\u0000', '').replace(/\|+$/, '').trim() : '';
	return text === '' ? undefined : text.slice(0, 300);
}

function nodataOf(image: GeoTIFFImage): string | undefined {
	try {
		return textOf(String(image.fileDirectory.getValue('GDAL_NODATA') ?? ''));
	} catch {
		return undefined;
	}
}

function placement(image: GeoTIFFImage): Pick<GeoTiffFacts, 'pixel' | 'bounds' | 'transform'> {
	try {
		const [x, y] = image.getOrigin() as [number, number];
		const [width, height] = image.getResolution() as [number, number];
		const bounds = image.getBoundingBox() as [number, number, number, number];
		if (![x, y, width, height, ...bounds].every(Number.isFinite)) throw new Error('no numbers');
		return { pixel: [Math.abs(width), Math.abs(height)], bounds, transform: [x, width, 0, y, 0, height] };
	} catch {
		return { pixel: undefined, bounds: undefined, transform: undefined };
	}
}

async function metadataOf(image: GeoTIFFImage): Promise<[string, string][]> {
	try {
		const found = (await image.getGDALMetadata(null)) ?? {};
		return Object.entries(found)
			.slice(0, 60)
			.map(([name, value]) => [name, String(value).slice(0, 500)]);
	} catch {
		return [];
	}
}

/** Bytes of all tiles or strips of a picture. */
async function packedBytes(image: GeoTIFFImage): Promise<number> {
	const name = image.isTiled ? 'TileByteCounts' : 'StripByteCounts';
	const counts = (await image.fileDirectory.loadValue(name)) as ArrayLike<number> | number | undefined;
	if (counts === undefined) return Infinity;
	return typeof counts === 'number'
		? counts
		: Array.from(counts).reduce((sum, count) => sum + Number(count), 0);
}

async function quicklook(images: GeoTIFFImage[], signal: AbortSignal): Promise<Quicklook | undefined> {
	const byEdge = images
		.filter((image) => image.getWidth() * image.getHeight() <= SOURCE_PIXELS)
		.sort((a, b) => b.getWidth() - a.getWidth());
	// The smallest that is still as large as the quicklook, else the largest there is.
	const image = byEdge.findLast((one) => Math.max(one.getWidth(), one.getHeight()) >= LOOK_EDGE) ?? byEdge[0];
	if (image === undefined || (await packedBytes(image)) > LOOK_MAX_BYTES) return undefined;
	const scale = Math.min(1, LOOK_EDGE / Math.max(image.getWidth(), image.getHeight()));
	const width = Math.max(1, Math.round(image.getWidth() * scale));
	const height = Math.max(1, Math.round(image.getHeight() * scale));
	const bands = Math.min(image.getSamplesPerPixel(), images[0]!.getSamplesPerPixel());
	const samples = bands >= 3 ? [0, 1, 2] : [0];
	const read = await image.readRasters({ samples, width, height, interleave: false, signal });
	const nodata = Number(nodataOf(images[0]!) ?? NaN);
	return { width, height, pixels: painted(read as unknown as ArrayLike<number>[], width * height, nodata) };
}

/** Stretches each band between its 2nd and 98th percentile. One band is grey. */
function painted(bands: ArrayLike<number>[], count: number, nodata: number): Uint8ClampedArray<ArrayBuffer> {
	const pixels = new Uint8ClampedArray(count * 4);
	const isThere = (value: number) => Number.isFinite(value) && value !== nodata;
	const ranges = bands.map((band) => stretchOf(band, count, isThere));
	for (let place = 0; place < count; place += 1) {
		let isSeen = true;
		for (let channel = 0; channel < 3; channel += 1) {
			const at = bands.length === 3 ? channel : 0;
			const value = bands[at]![place]!;
			const [low, high] = ranges[at]!;
			if (!isThere(value)) isSeen = false;
			pixels[place * 4 + channel] = ((value - low) / (high - low || 1)) * 255;
		}
		pixels[place * 4 + 3] = isSeen ? 255 : 0;
	}
	return pixels;
}

function stretchOf(
	band: ArrayLike<number>,
	count: number,
	isThere: (value: number) => boolean
): [number, number] {
	const step = Math.max(1, Math.floor(count / 20_000));
	const sample: number[] = [];
	for (let place = 0; place < count; place += step) {
		const value = band[place]!;
		if (isThere(value)) sample.push(value);
	}
	sample.sort((a, b) => a - b);
	const at = (part: number) => sample[Math.min(sample.length - 1, Math.floor(sample.length * part))] ?? 0;
	return [at(0.02), at(0.98)];
}
