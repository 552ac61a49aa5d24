/** Name of the channel on which every page hears the job's events; each message is a list of them (`JobEvent[]`). */
export const eventChannel = 'arklet';

/** Name of the channel on which tabs ask the working one to pause, unpause, step or stop. */
export const peerChannel = 'arklet-peers';
