
export{l as component,dt as universal}from"../chunks/BrAUtmDe.js";