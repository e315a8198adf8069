import { goto } from '$app/navigation';
import { page } from '$app/state';
import { session } from './session.svelte';

/** Leads visitors who are not signed in to the door and back. Call while a component is set up. */
export function requireSignedIn(): void {
	$effect(() => {
		if (!session.known || session.user !== null) return;
		const here = encodeURIComponent(page.url.pathname + page.url.search);
		void goto(`/login?next=${here}`, { replaceState: true });
	});
}
