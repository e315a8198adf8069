/** Whether this browser has a network at all. A hub on the same machine may answer without one, so pages go on trying. */
class Connection {
	online = $state(navigator.onLine);

	/** Follows the browser's events until the returned function is called. */
	watch(): () => void {
		const update = () => (this.online = navigator.onLine);
		addEventListener('online', update);
		addEventListener('offline', update);
		return () => {
			removeEventListener('online', update);
			removeEventListener('offline', update);
		};
	}
}

export const connection = new Connection();
