
export{t as component}from"../chunks/CuxWwR3c.js";