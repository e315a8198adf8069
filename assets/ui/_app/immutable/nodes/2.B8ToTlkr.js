
export{_ as component}from"../chunks/DYnGZ_9l.js";