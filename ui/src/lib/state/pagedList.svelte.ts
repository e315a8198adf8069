import { Problem } from '$lib/api/problem';

interface Page<T> {
	items: T[];
	total: number;
}

/** A long list of which the pages are loaded when they are looked at. */
export class PagedList<T> {
	readonly total: number;
	readonly #limit: number;
	readonly #load: (page: number) => Promise<Page<T>>;
	readonly #asked = new Set<number>([1]);
	#items = $state.raw<(T | undefined)[]>([]);
	#failed = 0;
	/** Why a page did not come; it is asked for again when it is looked at again. */
	problem = $state.raw<Problem | undefined>();

	/** `first` is page 1; `load` gives another page, counted from 1, of as many items. */
	constructor(first: Page<T>, limit: number, load: (page: number) => Promise<Page<T>>) {
		this.total = first.total;
		this.#limit = limit;
		this.#load = load;
		this.#items = [...first.items];
	}

	/** The item at a place, when its page is here. */
	at(index: number): T | undefined {
		return this.#items[index];
	}

	/** What is here by now, in order. */
	get loaded(): T[] {
		return this.#items.filter((item) => item !== undefined);
	}

	/** Asks for the page of a place unless it is here or on its way. */
	async ensure(index: number): Promise<void> {
		const page = Math.floor(index / this.#limit) + 1;
		if (index >= this.total || this.#asked.has(page)) return;
		this.#asked.add(page);
		try {
			const { items } = await this.#load(page);
			const next = [...this.#items];
			items.forEach((item, offset) => (next[(page - 1) * this.#limit + offset] = item));
			this.#items = next;
			this.problem = undefined;
		} catch (thrown) {
			this.#asked.delete(page);
			this.#failed = index;
			this.problem = Problem.of(thrown);
		}
	}

	/** Asks again for the page that did not come. */
	async retry(): Promise<void> {
		await this.ensure(this.#failed);
	}

	/** Asks for all pages, one after the other. */
	async ensureAll(): Promise<void> {
		for (let index = 0; index < this.total; index += this.#limit) await this.ensure(index);
	}
}
