
export{t as component}from"../chunks/y7si1XhB.js";