/** Which unfinished uploads belong to which files, so that a reloaded page can go on with them. */

export interface Remembered {
	session: string;
	/** Id of the repository. */
	repository: string;
	branch: string;
	path: string;
	size: number;
	/** The file's own moment of change, in milliseconds. */
	lastModified: number;
}

const KEY = 'geoml.uploads';

type Keep = Pick<Storage, 'getItem' | 'setItem'>;

export class UploadMemory {
	#storage: Keep;

	constructor(storage: Keep) {
		this.#storage = storage;
	}

	all(): Remembered[] {
		try {
			return JSON.parse(this.#storage.getItem(KEY) ?? '[]') as Remembered[];
		} catch {
			return [];
		}
	}

	remember(one: Remembered): void {
		this.#write([...this.all().filter((other) => other.session !== one.session), one]);
	}

	forget(sessions: readonly string[]): void {
		this.#write(this.all().filter((one) => !sessions.includes(one.session)));
	}

	/** The session that holds a part of just this file for just this place. */
	find(file: Omit<Remembered, 'session'>): string | undefined {
		const fields = ['repository', 'branch', 'path', 'size', 'lastModified'] as const;
		return this.all().find((one) => fields.every((field) => one[field] === file[field]))?.session;
	}

	#write(all: Remembered[]): void {
		try {
			this.#storage.setItem(KEY, JSON.stringify(all));
		} catch {
			// A full or forbidden storage costs resuming after a reload, not the upload.
		}
	}
}
