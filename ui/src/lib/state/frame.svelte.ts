import type { Component } from 'svelte';

/** What pages lend to the frame around all of them, so that a visitor who needs none of it loads none of it. */
class Frame {
	/** Shows uploads that go on while one is elsewhere; there since uploads can be. */
	Indicator = $state.raw<Component>();
}

export const frame = new Frame();
