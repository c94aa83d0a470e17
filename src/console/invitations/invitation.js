// The page of an invitation, which is the page of its person.
export { default } from "../person/person.js";
