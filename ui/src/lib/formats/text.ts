export interface DecodedText {
	text: string;
	encoding: 'utf-8' | 'utf-16' | 'gb18030';
}

/**
 * Bytes as text: UTF-8, UTF-16 by its mark, else GB 18030, in which older Chinese tables are written. Nothing when they
 * are no text. `isCut` allows a broken character at the end.
 */
export function decodeText(bytes: Uint8Array, isCut = false): DecodedText | undefined {
	if (bytes[0] === 0xff && bytes[1] === 0xfe) return { text: decode(bytes, 'utf-16le')!, encoding: 'utf-16' };
	if (bytes[0] === 0xfe && bytes[1] === 0xff) return { text: decode(bytes, 'utf-16be')!, encoding: 'utf-16' };
	if (bytes.subarray(0, 8_192).includes(0)) return undefined;
	for (const encoding of ['utf-8', 'gb18030'] as const) {
		for (let cut = 0; cut <= (isCut ? 3 : 0); cut += 1) {
			const text = decode(bytes.subarray(0, bytes.length - cut), encoding);
			if (text !== undefined) return { text, encoding };
		}
	}
	return undefined;
}

function decode(bytes: Uint8Array, encoding: string): string | undefined {
	try {
		return new TextDecoder(encoding, { fatal: !encoding.startsWith('utf-16') }).decode(bytes);
	} catch {
		return undefined;
	}
}
