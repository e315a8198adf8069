
export{_ as component}from"../chunks/CuxWwR3c.js";