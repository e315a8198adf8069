/**
 * The path in the repository that a relative address inside a file means; nothing for addresses with a scheme or a host,
 * and for those that leave the repository. An address from `/` on is meant from the root of the repository.
 */
export function relativeTo(filePath: string, address: string): string | undefined {
	const bare = address.split(/[?#]/)[0]!;
	if (bare === '' || bare.startsWith('//') || bare.startsWith('\\') || /^[a-z][a-z\d+.-]*:/i.test(bare)) {
		return undefined;
	}
	const folders = bare.startsWith('/') ? [] : filePath.split('/').slice(0, -1);
	for (const part of decoded(bare).split('/')) {
		if (part === '..') {
			if (folders.pop() === undefined) return undefined;
		} else if (part !== '' && part !== '.') folders.push(part);
	}
	return folders.length === 0 ? undefined : folders.join('/');
}

function decoded(text: string): string {
	try {
		return decodeURIComponent(text);
	} catch {
		return text;
	}
}
