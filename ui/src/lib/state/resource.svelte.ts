import { Problem } from '$lib/api/problem';

/** Something that a page loads: loading at first, then a value or a problem. */
export class Resource<T> {
	/** What was loaded last; stays while it is loaded again. */
	value = $state.raw<T | undefined>();
	problem = $state.raw<Problem | undefined>();
	loading = $state(true);
	#turn = $state(0);

	/**
	 * Call while a component is set up. `load` runs again when state that it reads before its first `await` changes; a
	 * load that was overtaken is aborted and its answer dropped.
	 */
	constructor(load: (signal: AbortSignal) => Promise<T>) {
		$effect(() => {
			void this.#turn;
			const controller = new AbortController();
			this.loading = true;
			load(controller.signal).then(
				(value) => {
					if (!controller.signal.aborted) this.#settle(value, undefined);
				},
				(thrown: unknown) => {
					if (!controller.signal.aborted) this.#settle(undefined, Problem.of(thrown));
				}
			);
			return () => controller.abort();
		});
	}

	#settle(value: T | undefined, problem: Problem | undefined) {
		this.value = value;
		this.problem = problem;
		this.loading = false;
	}

	/** Loads again. */
	reload(): void {
		this.#turn += 1;
	}
}
