
export{t as component}from"../chunks/DYnGZ_9l.js";