import fuzzysort, { type KeysResult } from 'fuzzysort';

/** A file that matches, with the places in its path that matched. */
export interface FoundFile {
	path: string;
	marks: ReadonlySet<number>;
}

/** The best of what was found, and how many there were. */
export interface Findings {
	files: FoundFile[];
	total: number;
}

interface Candidate {
	path: string;
	name: string;
}

/** The files of a repository, ready to be searched at every key press. */
export class FileIndex {
	readonly #candidates: Candidate[];

	constructor(paths: string[]) {
		this.#candidates = paths.map((path) => ({ path, name: path.slice(path.lastIndexOf('/') + 1) }));
	}

	get size(): number {
		return this.#candidates.length;
	}

	/** The best matches first. A match in the name counts more than one that is spread over the folders. */
	find(query: string, limit: number): Findings {
		const wanted = query.trim();
		if (wanted === '') {
			const first = this.#candidates.slice(0, limit);
			return { files: first.map(({ path }) => ({ path, marks: new Set() })), total: this.size };
		}
		const results = fuzzysort.go(wanted, this.#candidates, {
			keys: ['name', 'path'],
			limit: 0,
			threshold: LEAST_SCORE,
			scoreFn: (result) => Math.max((result[0]?.score ?? 0) * NAME_WEIGHT, result[1]?.score ?? 0)
		});
		// Equally good ones stand in the order of their numbers, not in that in which they were met.
		const ranked = [...results].sort((a, b) => b.score - a.score || NUMBERED.compare(a.obj.path, b.obj.path));
		return { files: ranked.slice(0, limit).map(found), total: results.total };
	}
}

function found(result: KeysResult<Candidate>): FoundFile {
	const { path, name } = result.obj;
	const [inName, inPath] = result;
	const marks =
		inName && inName.score > 0
			? inName.indexes.map((index) => index + path.length - name.length)
			: (inPath?.indexes ?? []);
	return { path, marks: new Set(marks) };
}

const NUMBERED = new Intl.Collator('en', { numeric: true });
const LEAST_SCORE = 0.2;
const NAME_WEIGHT = 1.25;
