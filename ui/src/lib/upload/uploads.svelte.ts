import { createSubscriber } from 'svelte/reactivity';
import type { Target } from './hub';
import { UploadJob } from './job';
import { UploadMemory } from './memory';
import { browserTransport } from './transport';

const SHOWN_EVERY_MILLISECONDS = 150;

/** An upload as pages see it: what they read through `now` is read again when it has changed. */
export class LiveUpload {
	readonly job: UploadJob;
	#subscribe: () => void;

	constructor(job: UploadJob) {
		this.job = job;
		this.#subscribe = createSubscriber((update) => {
			let timer: ReturnType<typeof setTimeout> | undefined;
			const end = job.listen(() => {
				timer ??= setTimeout(() => {
					timer = undefined;
					update();
				}, SHOWN_EVERY_MILLISECONDS);
			});
			return () => {
				clearTimeout(timer);
				end();
			};
		});
	}

	get now(): UploadJob {
		this.#subscribe();
		return this.job;
	}
}

/** All uploads of this tab. They go on while one moves about in the hub. */
class Uploads {
	readonly memory = new UploadMemory(localStorage);
	#all = $state.raw<LiveUpload[]>([]);

	/** Uploads that have begun and are not yet committed. */
	get underWay(): LiveUpload[] {
		return this.#all.filter((upload) => upload.now.isUnderWay);
	}

	/** Those, and the ones that are committed but whose end nobody has seen. */
	get shown(): LiveUpload[] {
		return this.#all.filter((upload) => upload.now.isUnderWay || upload.now.state === 'committed');
	}

	/** The upload to a branch: the one that is under way, or the files that are chosen for it. */
	at(target: Target): LiveUpload {
		const found = this.find(target);
		if (found !== undefined) return found;
		const made = new LiveUpload(new UploadJob(target, browserTransport, this.memory));
		this.#all = [...this.#all, made];
		return made;
	}

	find(target: Pick<Target, 'id' | 'branch'>): LiveUpload | undefined {
		return this.#all.find(({ job }) => job.target.id === target.id && job.target.branch === target.branch);
	}

	/** Whether a session belongs to an upload of this tab. */
	holds(session: string): boolean {
		return this.#all.some(({ now }) => now.items.some((item) => item.session === session));
	}

	/** Forgets an upload that is over. */
	drop(upload: LiveUpload): void {
		this.#all = this.#all.filter((one) => one !== upload);
	}
}

export const uploads = new Uploads();
