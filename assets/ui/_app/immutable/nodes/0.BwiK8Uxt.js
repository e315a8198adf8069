
export{l as component,ft as universal}from"../chunks/D4S4X8rR.js";