import { readFileSync } from 'node:fs';

/** A file that somebody with bad intentions uploads. */
export interface HostileFile {
	/** Path in the repository. */
	path: string;
	content: Buffer;
	/** What it tries, in a few words. */
	tries: string;
	/** The hub takes no file of this name. */
	isRefused: boolean;
}

/** Texts for fields that are no files. */
export interface HostileWords {
	description: string;
	tags: string[];
	full_name: string;
	bio: string;
	website: string;
	commit_message: string;
	search: string;
}

interface Entry {
	path: string;
	tries: string;
	refused?: boolean;
	from?: string;
	base64?: string;
	repeat?: { open: string; middle?: string; times: number; close: string };
}

const manifest = JSON.parse(read('manifest.json').toString()) as { files: Entry[]; words: HostileWords };

export const hostileWords = manifest.words;

/** All hostile files. */
export function hostileFiles(): HostileFile[] {
	return manifest.files.map((entry) => ({
		path: entry.path,
		tries: entry.tries,
		isRefused: entry.refused ?? false,
		content: contentOf(entry)
	}));
}

function contentOf({ from, base64, repeat }: Entry): Buffer {
	if (from !== undefined) return read(from);
	if (base64 !== undefined) return Buffer.from(base64, 'base64');
	const { open, middle = '', times, close } = repeat!;
	return Buffer.from(open.repeat(times) + middle + close.repeat(times));
}

function read(name: string): Buffer {
	return readFileSync(new URL(name, import.meta.url));
}
