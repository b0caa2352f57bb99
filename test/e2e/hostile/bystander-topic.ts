/** Where bystanders talk. Their process must not begin in whoever only wants to listen in. */
export const bystanderTopic = "bystander/tick";
