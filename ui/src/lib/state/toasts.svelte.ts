export interface Toast {
	id: number;
	text: string;
	tone: 'done' | 'failed';
}

const SHOWN_MILLISECONDS = { done: 4_000, failed: 9_000 };

/** Short messages about something that has happened. What a user must act on belongs on the page instead. */
class Toasts {
	items = $state<Toast[]>([]);
	#next = 0;

	done(text: string): void {
		this.#show(text, 'done');
	}

	failed(text: string): void {
		this.#show(text, 'failed');
	}

	dismiss(id: number): void {
		this.items = this.items.filter((toast) => toast.id !== id);
	}

	#show(text: string, tone: Toast['tone']): void {
		const id = this.#next++;
		this.items = [...this.items.slice(-2), { id, text, tone }];
		setTimeout(() => this.dismiss(id), SHOWN_MILLISECONDS[tone]);
	}
}

export const toasts = new Toasts();
