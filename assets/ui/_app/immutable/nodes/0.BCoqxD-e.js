
export{l as component,ft as universal}from"../chunks/C7uX5irJ.js";