import { NetCDFReader } from 'netcdfjs';
import { startsWith, type ReadRange } from './bytes';
import { Fault } from './fault';

export interface NetcdfAttribute {
	name: string;
	value: string;
}

export interface NetcdfVariable {
	name: string;
	type: string;
	/** Names of its dimensions with their lengths. */
	dimensions: string[];
	shape: number[];
	attributes: NetcdfAttribute[];
}

export interface Netcdf {
	format: string;
	dimensions: { name: string; size: number; isUnlimited: boolean }[];
	variables: NetcdfVariable[];
	attributes: NetcdfAttribute[];
}

/** What the first bytes say a file of arrays is. */
export type ArrayFormat = 'netcdf3' | 'cdf5' | 'hdf5' | 'hdf4' | undefined;

/** The header is looked for in so many bytes at first, then in four times as many, up to the last number. */
const HEADS = [64 * 1024, 1024 * 1024, 8 * 1024 * 1024];
const TEXT_MAX = 2_000;

export function arrayFormatOf(beginning: Uint8Array): ArrayFormat {
	if (startsWith(beginning, 'CDF\u0001') || startsWith(beginning, 'CDF\u0002')) return 'netcdf3';
	if (startsWith(beginning, 'CDF\u0005')) return 'cdf5';
	if (startsWith(beginning, [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a])) return 'hdf5';
	if (startsWith(beginning, [0x0e, 0x03, 0x13, 0x01])) return 'hdf4';
	return undefined;
}

/** Reads the header of a NetCDF file of the classic formats, in as few bytes as hold it. */
export async function readNetcdf(read: ReadRange, fileSize: number): Promise<Netcdf> {
	for (const length of HEADS) {
		const bytes = await read(0, Math.min(length, fileSize));
		try {
			return netcdfOf(new NetCDFReader(bytes));
		} catch {
			if (length >= fileSize) throw new Fault('header_broken');
		}
	}
	throw new Fault('header_too_large');
}

function netcdfOf(reader: NetCDFReader): Netcdf {
	const { dimensions = [], variables = [], globalAttributes = [], recordDimension } = reader.header;
	const sizeOf = (place: number) =>
		place === recordDimension.id ? recordDimension.length : (dimensions[place]?.size ?? 0);
	return {
		format: reader.version === 'classic format' ? 'NetCDF-3' : 'NetCDF-3 (64-bit)',
		dimensions: dimensions.map(({ name }, place) => ({
			name,
			size: sizeOf(place),
			isUnlimited: place === recordDimension.id
		})),
		variables: variables.map((variable) => ({
			name: variable.name,
			type: variable.type,
			dimensions: variable.dimensions.map((place) => dimensions[place]?.name ?? '?'),
			shape: variable.dimensions.map(sizeOf),
			attributes: attributesOf(variable.attributes)
		})),
		attributes: attributesOf(globalAttributes)
	};
}

function attributesOf(list: { name: string; value: unknown }[]): NetcdfAttribute[] {
	return list.map(({ name, value }) => ({ name, value: valueOf(value) }));
}

function valueOf(value: unknown): string {
	const text = Array.isArray(value) ? value.slice(0, 64).join(', ') : String(value);
	// Texts in the file end with a zero byte.
	const clean = text.replaceAll('\u0000', '').trim();
	return clean.length > TEXT_MAX ? `${clean.slice(0, TEXT_MAX)}…` : clean;
}
