
export{l as component,dt as universal}from"../chunks/y7si1XhB.js";