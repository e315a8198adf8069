import { startsWith, viewOf } from './bytes';
import { Fault } from './fault';

/** Enough for the head of every NPY file that is not made to annoy. */
export const NPY_HEAD_BYTES = 64 * 1024;

export interface NumpyArray {
	/** As numpy writes it, such as `<f4`. */
	dtype: string;
	/** In words, such as `float32`; the same as `dtype` when it is structured or unknown. */
	type: string;
	/** Order of bytes: `little`, `big`, or nothing for single bytes. */
	order: 'little' | 'big' | null;
	isFortranOrder: boolean;
	shape: number[];
	elements: number;
	/** Where the numbers begin. */
	dataOffset: number;
	version: string;
}

const TYPES: Record<string, string> = {
	b1: 'bool',
	i1: 'int8',
	i2: 'int16',
	i4: 'int32',
	i8: 'int64',
	u1: 'uint8',
	u2: 'uint16',
	u4: 'uint32',
	u8: 'uint64',
	f2: 'float16',
	f4: 'float32',
	f8: 'float64',
	f16: 'float128',
	c8: 'complex64',
	c16: 'complex128'
};

/** Reads the head of an NPY file (NumPy Enhancement Proposal 1 and its later versions). */
export function parseNpy(bytes: Uint8Array): NumpyArray {
	if (!startsWith(bytes, [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59])) throw new Fault('not_this_format');
	if (bytes.length < 12) throw new Fault('truncated');
	const [major, minor] = [bytes[6]!, bytes[7]!];
	const lengthBytes = major === 1 ? 2 : 4;
	const length = major === 1 ? viewOf(bytes).getUint16(8, true) : viewOf(bytes).getUint32(8, true);
	const start = 8 + lengthBytes;
	if (length > NPY_HEAD_BYTES) throw new Fault('header_too_large');
	if (start + length > bytes.length) throw new Fault('truncated');
	const header = new TextDecoder(major >= 3 ? 'utf-8' : 'latin1').decode(
		bytes.subarray(start, start + length)
	);
	return { ...parseDictionary(header), dataOffset: start + length, version: `${major}.${minor}` };
}

/** The Python dictionary of the head: `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`. */
function parseDictionary(header: string): Omit<NumpyArray, 'dataOffset' | 'version'> {
	const dtype = /'descr'\s*:\s*(?:'([^']*)'|(\[[\s\S]*?\])\s*,\s*')/.exec(header);
	const order = /'fortran_order'\s*:\s*(True|False)/.exec(header);
	const shape = /'shape'\s*:\s*\(([\d\sL,]*)\)/.exec(header);
	if (dtype === null || order === null || shape === null) throw new Fault('header_broken');
	const described = dtype[1] ?? dtype[2]!;
	const edges = shape[1]!
		.split(',')
		.map((part) => part.replace('L', '').trim())
		.filter((part) => part !== '')
		.map(Number);
	const elements = edges.reduce((product, edge) => product * edge, 1);
	if (!edges.every(Number.isSafeInteger) || !Number.isSafeInteger(elements)) throw new Fault('header_broken');
	return {
		dtype: described,
		type: TYPES[described.replace(/^[<>|=]/, '')] ?? described,
		order: described.startsWith('>') ? 'big' : described.startsWith('<') ? 'little' : null,
		isFortranOrder: order[1] === 'True',
		shape: edges,
		elements
	};
}
