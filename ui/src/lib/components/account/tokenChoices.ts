import { m } from '$messages';
import type { RadioCard } from '../base/RadioCards.svelte';

const DAY_MILLISECONDS = 86_400_000;

/** What a token may be allowed. */
export function scopeCards(): RadioCard[] {
	return [
		{ value: 'read', label: m.tokens_scope_read(), text: m.tokens_scope_read_text() },
		{ value: 'write', label: m.tokens_scope_write(), text: m.tokens_scope_write_text() },
		{ value: 'admin', label: m.tokens_scope_admin(), text: m.tokens_scope_admin_text() }
	];
}

/** For how many days a token may work; the empty text is for ever. */
export function expiryChoices(): { value: string; label: string }[] {
	return [
		{ value: '30', label: m.tokens_expiry_30() },
		{ value: '90', label: m.tokens_expiry_90() },
		{ value: '365', label: m.tokens_expiry_365() },
		{ value: '', label: m.tokens_expiry_never() }
	];
}

/** When a token ends that is made now and works for so many days. */
export function expiryOf(days: string): string | null {
	return days === '' ? null : new Date(Date.now() + Number(days) * DAY_MILLISECONDS).toISOString();
}
